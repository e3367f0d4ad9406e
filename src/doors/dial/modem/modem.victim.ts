/** A program that is killed with a modem in its hands: it answers calls by itself from now on. Arguments: line, notes, lock directory. */
import { lockLine } from '../line/lock.ts';
import { openModem } from './modem.ts';
import { DEFAULT_STRINGS } from './strings.ts';

const [path = '', notes = '', lockDirectory = ''] = process.argv.slice(2);
await lockLine(path, { waitMs: 30_000, lockDirectory });
const modem = await openModem(path, DEFAULT_STRINGS, { notes });
await modem.command('AT&C0S0=1');
process.stdout.write('ready\n');
setInterval(() => {}, 1000);
