/** Terraform breaks the lines of an error and draws a frame around them. */
export function unwrapped(output: string): string {
  return output.replace(/[│╷╵]/g, ' ').replace(/\s+/g, ' ');
}
