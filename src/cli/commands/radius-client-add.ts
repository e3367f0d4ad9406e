/** `gatehouse radius client add NAME ADDRESS --secret SECRET` */
import { answer, type Context, withAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { oneOf } from '../one-of.ts';
import { newPassword } from '../password.ts';
import { wholeNumber } from '../whole-number.ts';

interface Options {
  secret: string;
  messageAuthenticator: string;
  proof: string;
  disconnectPort: string;
  mayDisconnect?: boolean;
}

export async function run(context: Context, name: string, network: string, options: Options): Promise<0> {
  const client = {
    name,
    network,
    secret: options.secret === '-' ? await newPassword(context.io, undefined, true) : options.secret,
    messageAuthenticator: oneOf('--message-authenticator', options.messageAuthenticator, ['required', 'optional']),
    proof: oneOf('--proof', options.proof, ['password', 'otp']),
    disconnectPort: wholeNumber('--disconnect-port', options.disconnectPort, 1, 65_535),
    mayDisconnect: options.mayDisconnect === true,
  };
  await withAdministration(context, (administration) => administration.addRadiusClient(client));
  answer(context, { name }, () => `added ${name}`);
  return EXIT.ok;
}
