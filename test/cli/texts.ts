import fc from 'fast-check';

/** What names and messages are made of, wide, narrow and without width of their own. */
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
/** Texts of any of them. */
export const texts = fc.array(characters, { maxLength: 30 }).map((parts) => parts.join(''));
