/** What an administrator can do with the equipment that asks over RADIUS. Secrets are shown to nobody. Errors: those of RadiusClientList. */
import type { AuditFields } from '../audit/events.ts';
import type { AuditLines } from '../audit/types.ts';
import type { RadiusClientFields, RadiusClientList, RadiusClientView } from '../radius/clients.ts';

export interface RadiusCalls {
  addRadiusClient(client: RadiusClientFields): Promise<void>;
  /** Also those of gatehouse.yaml. */
  listRadiusClients(): Promise<(RadiusClientView & { configured: boolean })[]>;
  removeRadiusClient(name: string): Promise<void>;
}

/** `configured`: those that stand in gatehouse.yaml. */
export function radiusCalls(
  clients: RadiusClientList,
  configured: readonly RadiusClientView[],
  event: (action: string, fields: AuditFields) => AuditLines,
): RadiusCalls {
  return {
    addRadiusClient: (client) => {
      const { name, network } = client;
      return clients.add(client, configured, event('add-radius-client', { client: name, address: network }));
    },
    listRadiusClients: async () => [
      ...configured.map((one) => ({ ...one, configured: true })),
      ...clients.list().map(({ secret: _secret, ...one }) => ({ ...one, configured: false })),
    ],
    removeRadiusClient: (name) => clients.remove(name, event('remove-radius-client', { client: name })),
  };
}
