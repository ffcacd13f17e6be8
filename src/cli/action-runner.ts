import { Answers, Request } from '../contract/requests';

/** Whoever does what a request asks for: this process, or the deployed function. */
export interface ActionRunner {
  /** @throws ActionError */
  run<R extends Request>(request: R): Promise<Answers[R['action']]>;
}
