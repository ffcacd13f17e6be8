/**
 * Names in databases that are not in UTF-8. Sessions in such a database exchange bytes (see `byte-connection.ts`): in
 * their strings each character stands for one byte.
 */

/** Server encodings that Node.js can read, by their names there. */
const DECODERS: Readonly<Record<string, string>> = {
  EUC_CN: 'gb18030',
  EUC_JP: 'euc-jp',
  EUC_KR: 'euc-kr',
  ISO_8859_5: 'iso-8859-5',
  ISO_8859_6: 'iso-8859-6',
  ISO_8859_7: 'iso-8859-7',
  ISO_8859_8: 'iso-8859-8',
  KOI8R: 'koi8-r',
  KOI8U: 'koi8-u',
  LATIN2: 'iso-8859-2',
  LATIN3: 'iso-8859-3',
  LATIN4: 'iso-8859-4',
  LATIN6: 'iso-8859-10',
  LATIN7: 'iso-8859-13',
  LATIN8: 'iso-8859-14',
  LATIN9: 'iso-8859-15',
  LATIN10: 'iso-8859-16',
  SQL_ASCII: 'utf-8',
  WIN866: 'ibm866',
  WIN874: 'windows-874',
};

/** Whether sessions in a database of this encoding exchange bytes. */
export function exchangesBytes(encoding: string): boolean {
  return encoding !== 'UTF8';
}

/** A name as a session in the database has it, readable: for the manifest and for messages. */
export function readableName(name: string, encoding: string): string {
  if (!exchangesBytes(encoding)) return name;
  const decoder = DECODERS[encoding] ?? (/^WIN\d+$/.test(encoding) ? `windows-${encoding.slice(3)}` : 'latin1');
  try {
    return new TextDecoder(decoder, { fatal: true }).decode(Buffer.from(name, 'latin1'));
  } catch {
    return name;
  }
}

/** A table under the readable form of its names. */
export function inManifest<T extends { readonly schema: string; readonly name: string }>(
  table: T,
  encoding: string,
): T {
  return { ...table, schema: readableName(table.schema, encoding), name: readableName(table.name, encoding) };
}

/**
 * A name of the whole server, such as a role's, as a session in the database has it. The server keeps such names in the
 * bytes with which they were made: in UTF-8, the encoding of the administration database.
 */
export function serverNameIn(name: string, encoding: string): string {
  return exchangesBytes(encoding) ? Buffer.from(name).toString('latin1') : name;
}

/** The other way round: text of such a session as it is in the administration database. */
export function serverTextFrom(text: string, encoding: string): string {
  return exchangesBytes(encoding) ? Buffer.from(text, 'latin1').toString() : text;
}
