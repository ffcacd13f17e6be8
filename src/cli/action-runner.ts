import { Answers, Request } from '../contract/requests';

/** Runs actions: in this process, or in the deployed function. */
export interface ActionRunner {
  /** @throws ActionError */
  run<R extends Request>(request: R): Promise<Answers[R['action']]>;
}
