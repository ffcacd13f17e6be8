import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { Log } from './log';
import { withDeadline } from './with-deadline';
import { BackupEvent, EVENT_FORMAT, EVENT_SOURCE } from '../contract/events';

const CONNECT_MS = 3_000;
const PUBLISH_MS = 10_000;

/**
 * Sends events to EventBridge's default bus of the region, within 10 seconds. A backup never fails by this: what could not
 * be sent is a warning in the log.
 */
export async function publishEvents(events: readonly BackupEvent[], region: string, log: Log): Promise<void> {
  const client = new EventBridgeClient({
    region,
    maxAttempts: 3,
    requestHandler: new NodeHttpHandler({ connectionTimeout: CONNECT_MS, socketTimeout: CONNECT_MS }),
  });
  const command = new PutEventsCommand({
    Entries: events.map(({ type, detail }) => ({
      Source: EVENT_SOURCE,
      DetailType: type,
      Detail: JSON.stringify({ format: EVENT_FORMAT, ...detail }),
    })),
  });
  try {
    const { Entries = [], $metadata } = await withDeadline(
      PUBLISH_MS,
      async (abortSignal) => client.send(command, { abortSignal }),
      () => {
        throw new Error(`EventBridge did not answer within ${PUBLISH_MS / 1000} seconds.`);
      },
    );
    const refused = Entries.find(({ ErrorCode }) => ErrorCode !== undefined);
    if (refused) {
      const reason = `${refused.ErrorCode}: ${refused.ErrorMessage}`;
      throw Object.assign(new Error(reason), { name: refused.ErrorCode, $metadata });
    }
  } catch (error) {
    log.warn('events-not-sent', {
      types: events.map(({ type }) => type),
      reason: (error as Error).message,
      remedy: remedyFor(error as ServiceAnswer),
    });
  } finally {
    client.destroy();
  }
}

/** The SDK gives the status of an answer with its error. */
type ServiceAnswer = Error & { readonly $metadata?: { readonly httpStatusCode?: number } };

function remedyFor({ name, $metadata }: ServiceAnswer): string {
  if ($metadata?.httpStatusCode === undefined) {
    return 'The function needs a route to EventBridge: a NAT gateway, or an interface endpoint of the service events.';
  }
  return /AccessDenied|NotAuthorized/.test(name)
    ? "Allow events:PutEvents on the default bus of the region: to the function's role, and in the policies of the bus " +
        'and of the interface endpoint where they have one.'
    : 'EventBridge answered with this error: look it up in its API reference under PutEvents.';
}
