import { ActionError } from '../../contract/action-error';

/** A mistake of whoever typed: the rule, the value, what to do. */
export function usageError(rule: string, remedy: string): ActionError {
  return new ActionError('InvalidRequest', `${rule} ${remedy}`);
}

/** A number option. @throws naming rule, value and remedy */
export function wholeNumber(option: string, minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (!/^\d+$/.test(text) || number < minimum || number > maximum) {
      throw usageError(
        `${option} is a whole number from ${minimum} to ${maximum}; got ${JSON.stringify(text)}.`,
        'Give such a number.',
      );
    }
    return number;
  };
}
