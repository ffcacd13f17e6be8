import { Client } from 'pg';
import { ActionError } from '../../contract/action-error';
import { PlanSize } from '../../contract/database-settings';
import { Manifest, ManifestDatabase } from '../../contract/manifest';
import { Remark } from '../../contract/remark';
import { PartsReader } from '../archive/parts-reader';
import { Log } from '../log';
import { ADMINISTRATION_DATABASE, DatabaseConnection, withClient } from '../postgres/connection';
import { serverNameIn } from '../postgres/encoding';
import { MasterUsers } from '../postgres/roles';
import { Runtime } from '../runtime';

/** Its encoding does not matter: names and statements are exchanged in UTF-8. */
export const ADMINISTRATION = { name: ADMINISTRATION_DATABASE, encoding: 'UTF8' };

/** As many failures as a message names. */
const SHOWN_FAILURES = 5;

export interface LoadJob {
  readonly connection: DatabaseConnection;
  readonly masters: MasterUsers;
  /** The roles of the source that may own something, all of which the user is a member of for now. */
  readonly roles: readonly string[];
  readonly manifest: Manifest;
  readonly reader: PartsReader;
  /** Size of the target. */
  readonly plan: PlanSize;
  /** Sessions that load at the same time. */
  readonly sessions: number;
  readonly workDirectory: string;
  /** Extensions that this server lacks and that are left out, with what depends on them. Empty for a real restore. */
  readonly withoutExtensions: ReadonlySet<string>;
  /** Go on without a constraint, a trigger or the like that the server refuses. */
  readonly keepGoing: boolean;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Takes what is being done now. */
  readonly reportWork?: Runtime['reportWork'];
  /** Notes what this server refused. */
  readonly remark: (remark: Remark) => void;
}

/** Works in a database with a connection that ends when the time does. */
export async function inDatabase<T>(
  job: LoadJob,
  database: Pick<ManifestDatabase, 'name' | 'encoding'>,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  job.signal.throwIfAborted();
  const stoppable = async (client: Client) => {
    const stop = () => void client.end().catch(() => undefined);
    job.signal.addEventListener('abort', stop, { once: true });
    try {
      return await work(client);
    } catch (error) {
      job.signal.throwIfAborted();
      throw error;
    } finally {
      job.signal.removeEventListener('abort', stop);
    }
  };
  return withClient(job.connection, database.name, stoppable, database.encoding);
}

export function mastersIn({ encoding }: ManifestDatabase, { source, target }: MasterUsers): MasterUsers {
  return { source: serverNameIn(source, encoding), target: serverNameIn(target, encoding) };
}

/** The first few in the text, all of them in the log. */
export function loadError(job: LoadJob, facts: ManifestDatabase, messages: readonly string[]): ActionError {
  for (const message of messages) job.log.warn('not-restored', { database: facts.name, message });
  const shown = messages.slice(0, SHOWN_FAILURES).join('\n');
  const more = messages.length > SHOWN_FAILURES ? '\nThe others are in the log.' : '';
  const number = messages.length === 1 ? '' : ` (${messages.length} failures)`;
  return new ActionError('DatabaseFault', `Database ${facts.name} could not be restored${number}: ${shown}${more}`);
}
