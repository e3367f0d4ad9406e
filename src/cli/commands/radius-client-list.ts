/** `gatehouse radius client list` */
import { answer, type Context, readingAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { table } from '../table.ts';

export async function run(context: Context): Promise<0> {
  const clients = await readingAdministration(context, (administration) => administration.listRadiusClients());
  answer(context, { clients }, () => {
    if (clients.length === 0) return 'no RADIUS clients; see gatehouse radius client add --help';
    const rows = clients.map(({ name, network, messageAuthenticator, proof, mayDisconnect, configured }) => [
      name,
      network,
      proof,
      messageAuthenticator === 'required' ? 'signed' : 'may be unsigned',
      mayDisconnect ? 'may disconnect' : '',
      configured ? 'gatehouse.yaml' : '',
    ]);
    return table(context.io, ['NAME', 'ADDRESS', 'PROOF', 'REQUESTS', '', ''], rows);
  });
  return EXIT.ok;
}
