import { Fn, Token } from 'cdktf';

/**
 * JSON whose values may be known to Terraform alone. Each such value is encoded by Terraform; everything else is
 * written here, since Terraform's own `jsonencode` turns `<` and `>` into `\u003c` and `\u003e`, and EventBridge
 * Scheduler then no longer finds `<aws.scheduler.scheduled-time>`.
 */
export function terraformJson(value: unknown): string {
  if (Token.isUnresolved(value)) {
    return Fn.jsonencode(value);
  }
  if (Array.isArray(value)) {
    return `[${value.map(terraformJson).join(',')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${terraformJson(field)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}
