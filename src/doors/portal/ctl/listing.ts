/** Clients as ndsctl shows them: lines of `key=value`, or one JSON document. Bytes in thousands, speeds in kbit/s, times in seconds. */
import { type Client, isInside } from '../clients.ts';
import type { MacLists } from '../mac-lists.ts';

type Fields = Readonly<Record<string, string>>;

export function clientsText(clients: readonly Client[], lists: MacLists, now: number): string {
  const blocks = clients.map((client) => {
    const { id, ...rest } = fieldsOf(client, lists, now);
    const lines = Object.entries({ client_id: id, ...rest }).map(([key, value]) => `${key}=${value}\n`);
    return `${lines.join('')}\n`;
  });
  return `${clients.length}\n\n${blocks.join('')}`;
}

export function clientsJson(clients: readonly Client[], lists: MacLists, now: number): string {
  const byName: Record<string, Fields> = {};
  for (const client of clients) {
    const { address, mac } = client;
    // A card with two addresses is two clients.
    byName[Object.hasOwn(byName, mac) ? `${mac} ${address}` : mac] = fieldsOf(client, lists, now);
  }
  const trusted = lists.all('trusted');
  const document = {
    client_list_length: String(clients.length),
    clients: byName,
    ...(trusted.length > 0 ? { trusted_list_length: String(trusted.length), trusted } : {}),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

export function clientJson(client: Client | undefined, lists: MacLists, now: number): string {
  return `${JSON.stringify(client ? fieldsOf(client, lists, now) : {}, undefined, 2)}\n`;
}

function fieldsOf(client: Client, lists: MacLists, now: number): Fields {
  const { session } = client;
  const seconds = session ? Math.floor((now - session.started) / 1000) : 0;
  const [down, up] = [session?.received ?? 0, session?.sent ?? 0];
  // Of no time there is no speed.
  const speed = (bytes: number) => (seconds > 0 ? (8 * bytes) / 1000 / seconds : 0).toFixed(2);
  return {
    id: String(client.id),
    ip: client.address,
    ...(client.also.size > 0 ? { also: [...client.also.keys()].join(' ') } : {}),
    mac: client.mac,
    clientif: client.interface,
    added: inSeconds(session?.started ?? client.added),
    active: inSeconds(client.active),
    duration: String(seconds),
    token: client.token,
    state: stateOf(client, lists),
    downloaded: String(Math.floor(down / 1000)),
    avg_down_speed: speed(down),
    uploaded: String(Math.floor(up / 1000)),
    avg_up_speed: speed(up),
  };
}

function stateOf(client: Client, lists: MacLists): string {
  if (lists.isBlocked(client.mac)) return 'Blocked';
  if (lists.isTrusted(client)) return 'Trusted';
  return isInside(client) ? 'Authenticated' : 'Preauthenticated';
}

function inSeconds(time: number): string {
  return String(Math.floor(time / 1000));
}
