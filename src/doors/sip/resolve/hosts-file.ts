/**
 * The system's hosts file. It is read anew when it has changed, which is looked for with each name that is asked for: names that are
 * remembered are not.
 *
 * Source: hosts(5). What cannot be read counts as empty.
 */
import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';

export class HostsFile {
  readonly #path: string;
  #version = '';
  #addresses = new Map<string, string[]>();

  constructor(path = '/etc/hosts') {
    this.#path = path;
  }

  /** Undefined: the name does not stand there. `name` in lower case. */
  addressesOf(name: string): readonly string[] | undefined {
    this.#refresh();
    return this.#addresses.get(name);
  }

  #refresh(): void {
    let version = '';
    try {
      const { mtimeMs, size, ino } = statSync(this.#path);
      version = `${mtimeMs} ${size} ${ino}`;
      if (version !== this.#version) this.#addresses = parse(readFileSync(this.#path, 'latin1'));
    } catch {
      this.#addresses.clear();
    }
    this.#version = version;
  }
}

function parse(text: string): Map<string, string[]> {
  const addresses = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (address === undefined || isIP(address) === 0) continue;
    for (const name of names) {
      const known = addresses.get(name.toLowerCase());
      if (known) known.push(address);
      else addresses.set(name.toLowerCase(), [address]);
    }
  }
  return addresses;
}
