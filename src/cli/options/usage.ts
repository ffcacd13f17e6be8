import { Option } from 'commander';
import { ActionError } from '../../contract/action-error';

/** A mistake on the command line: the rule, the value, what to do. */
export function usageError(rule: string, remedy: string): ActionError {
  return new ActionError('InvalidRequest', `${rule} ${remedy}`);
}

/** Marks an option in --help as one that must be given, always or without another option. */
export function required(option: Option, without?: string): Option {
  option.description += without === undefined ? ' (required)' : ` (required without ${without})`;
  return option;
}

/** @throws InvalidRequest naming each of these options that was not given */
export function requireAll(rule: string, options: Record<string, unknown>, remedy: string): void {
  const missing = Object.keys(options).filter((name) => options[name] === undefined);
  if (missing.length > 0) {
    throw usageError(`${rule}; not given: ${missing.join(', ')}.`, remedy);
  }
}

/** Reads a number option. @throws InvalidRequest */
export function wholeNumber(option: string, minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (!/^\d+$/.test(text) || number < minimum || number > maximum) {
      throw usageError(
        `${option} is a whole number from ${minimum} to ${maximum}; got ${JSON.stringify(text)}.`,
        'Correct the number.',
      );
    }
    return number;
  };
}
