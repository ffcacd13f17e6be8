import { Answers, Request } from '../contract/requests';

/** Whoever does what a request asks for: this process, or the deployed function. */
export interface Performer {
  /** @throws ActionError */
  perform<R extends Request>(request: R): Promise<Answers[R['action']]>;
}
