import * as fc from '../support/properties';

/** Characters of names and messages: of width 2, 1 and 0. */
const characters = fc.oneof(
  fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 }),
  fc.constantFrom(
    'ä',
    'e\u0301',
    'ß',
    'Ж',
    'א',
    '日',
    '本',
    'ひ',
    'カ',
    '한',
    '，',
    'Ａ',
    '🐘',
    '✅',
    '→',
    '·',
    '\u200b',
    '𠮷',
  ),
);
/** Texts of these characters. */
export const texts = fc.array(characters, { maxLength: 30 }).map((parts) => parts.join(''));
