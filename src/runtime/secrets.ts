/** Reads secrets. */
export interface Secrets {
  /**
   * The text of a secret: of the named version, else of the current one.
   *
   * @throws the error of the SDK, for whoever asked to classify.
   */
  read(secretArn: string, versionId?: string): Promise<string>;
}
