import { IConstruct } from 'constructs';
import { InvalidInput } from './invalid-input';

/** Names that may be used once in an app, and the construct that uses each, by the app's root. */
const claims = new WeakMap<IConstruct, Map<string, string>>();

/**
 * Takes a name that may be used once.
 *
 * @throws where another construct has taken it, with the paths of both
 */
export function claim(
  scope: IConstruct,
  key: readonly string[],
  refusal: { rule: (other: string) => string; value: unknown; remedy: string },
): void {
  const { root } = scope.node;
  const taken = claims.get(root) ?? new Map<string, string>();
  claims.set(root, taken);
  const text = JSON.stringify(key);
  const other = taken.get(text);
  if (other !== undefined && other !== scope.node.path) {
    throw InvalidInput.of(refusal.rule(other), refusal.value, refusal.remedy, scope);
  }
  taken.set(text, scope.node.path);
}
