/** Tells which kind of file it is, and imports it. Error: DIAL_IMPORT. */
import { basename } from 'node:path';
import { GatehouseError } from '../../../platform/errors.ts';
import { parseScript } from '../script/lines.ts';
import { importChat } from './chat.ts';
import { type Imported, importedName } from './imported.ts';
import { importKppprc } from './kppprc.ts';

const MOST = 1 << 20;

export function importAccounts(text: string, file: string): Imported {
  if (text.length > MOST || text.includes('\0')) throw nothingIn(file);
  const isIni = /^\s*\[[^\]\n]+\]\s*$/m.test(text);
  const imported = isIni
    ? importKppprc(text, file)
    : importChat(text, file, importedName(basename(file).replace(/\.[a-z]+$/, ''), {}));
  if (Object.keys(imported.accounts).length + Object.keys(imported.modems).length === 0) throw nothingIn(file);
  for (const [name, account] of Object.entries(imported.accounts)) {
    const { problems } = parseScript(account.script ?? [], { file: `account ${name}, script` });
    imported.problems.push(...problems);
  }
  return imported;
}

function nothingIn(file: string): GatehouseError {
  return new GatehouseError('DIAL_IMPORT', 'there is no account and no modem in it', {
    where: file,
    hint: 'a kppprc of KPPP or a script for chat can be imported',
  });
}
