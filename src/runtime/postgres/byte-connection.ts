import { Duplex } from 'node:stream';
import { Connection } from 'pg';
// Part of `pg`, whose connection is extended here: its version has to be the one that `pg` brings.
// eslint-disable-next-line import/no-extraneous-dependencies
import { Parser } from 'pg-protocol/dist/parser';

/** What this class uses of the driver's connection; the driver's types leave it out. */
interface DriverConnection {
  readonly stream: Duplex;
  emit(event: string, ...args: unknown[]): boolean;
  _send(message: Buffer): void;
  bind(config: object): void;
}

/** 3.0 */
const PROTOCOL_VERSION = 0x30000;

/**
 * A connection that exchanges bytes with the server instead of text: each character of a string stands for one byte, in
 * the encoding of the database. Names and statements keep every byte, also those that have no equivalent in UTF-8, and
 * those of a database in SQL_ASCII or MULE_INTERNAL, which no server converts.
 */
export class ByteConnection extends Connection {
  private get driver(): DriverConnection {
    return this as unknown as DriverConnection;
  }

  /** The driver always asks for UTF-8. With SQL_ASCII the server converts nothing. */
  startup(config: object): void {
    const parameters = { ...config, client_encoding: 'SQL_ASCII' };
    const text = Object.entries(parameters).map(([name, value]) => `${name}\0${value}\0`);
    const body = Buffer.from(`${text.join('')}\0`);
    this.driver.stream.write(Buffer.concat([int32(body.length + 8), int32(PROTOCOL_VERSION), body]));
  }

  /** As the driver's, with another encoding. */
  attachListeners(stream: Duplex): void {
    const parser = new Parser();
    (parser as unknown as { reader: { encoding: string } }).reader.encoding = 'latin1';
    stream.on('data', (data: Buffer) =>
      parser.parse(data, (message) =>
        this.driver.emit((message.name as string) === 'error' ? 'errorMessage' : message.name, message),
      ),
    );
  }

  query(text: string): void {
    const body = Buffer.from(`${text}\0`, 'latin1');
    this.driver._send(Buffer.concat([Buffer.from('Q'), int32(body.length + 4), body]));
  }

  /** The driver would write a string in UTF-8; of a Buffer it sends the bytes. */
  bind(config: { readonly values?: unknown[] } | null): void {
    const isText = (value: unknown): value is string => typeof value === 'string' && /[^\0-\x7f]/.test(value);
    const values = config?.values?.map((value) => (isText(value) ? Buffer.from(value, 'latin1') : value));
    (Connection.prototype as unknown as DriverConnection).bind.call(this, { ...config, values });
  }
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
