/** What RDS does when the standard support of a major version has ended. */
export enum EngineLifecycleSupport {
  /** RDS Extended Support: the version stays in use, billed by the vCPU and hour from then on. */
  EXTENDED = 'open-source-rds-extended-support',
  /** No Extended Support: RDS upgrades the instance to a supported major version, and creates no such instance. */
  STANDARD = 'open-source-rds-extended-support-disabled',
}
