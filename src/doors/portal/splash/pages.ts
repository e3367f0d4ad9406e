/**
 * The pages of the door: those of web_root where there are such files, else ours. A file is read when it is asked for and kept until
 * it changes; whoever edits a page sees it at once.
 *
 * Files are found below web_root only: the path is decoded once, resolved, and the real path compared, links included.
 */
import { readFileSync } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { extname, join, resolve, sep } from 'node:path';
import type { PortalSettings } from '../config/model.ts';
import { compilePage, type Page } from './template.ts';
import { type ThemePage, themePage } from './theme.ts';
import type { Words } from './words.ts';

export interface StaticFile {
  readonly type: string;
  readonly bytes: Buffer;
}

const LARGEST_PAGE = 1 << 20;
const LARGEST_FILE = 8 << 20;
const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.gif': 'image/gif',
  '.htm': 'text/html; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
};

/** What pages made for nodogsplash expect to find, where web_root does not have it. */
const OURS: ReadonlyMap<string, StaticFile> = new Map(
  [
    ['/splash.css', 'splash.css'],
    ['/images/splash.jpg', 'splash.jpg'],
  ].map(([path, name]) => [
    path!,
    { type: typeOf(name!), bytes: readFileSync(join(import.meta.dirname, 'files', name!)) },
  ]),
);

interface Kept {
  readonly modified: number;
  readonly page: Page;
}

export class Pages {
  readonly #settings: Pick<PortalSettings, 'web_root'>;
  readonly #files = new Map<string, Kept>();
  readonly #theme = new Map<string, Page>();

  constructor(settings: Pick<PortalSettings, 'web_root'>) {
    this.#settings = settings;
  }

  /** As it is now: a reload may name another. */
  get #root(): string | undefined {
    return this.#settings.web_root;
  }

  /** The file of this name, else our page. */
  async page(file: string | undefined, ours: ThemePage, words: Words): Promise<Page> {
    const own =
      file === undefined || this.#root === undefined ? undefined : await this.#fromFile(join(this.#root, file));
    return own ?? this.theme(ours, words);
  }

  theme(page: ThemePage, words: Words): Page {
    const key = `${page} ${words.language}`;
    const known = this.#theme.get(key);
    if (known) return known;
    const made = compilePage(themePage(page, words));
    this.#theme.set(key, made);
    return made;
  }

  /** `path` as the request has it, without its query. Undefined: nothing there, or nothing that may be shown. */
  async file(path: string): Promise<StaticFile | undefined> {
    return (await this.#fileOfRoot(path)) ?? OURS.get(path);
  }

  async #fileOfRoot(path: string): Promise<StaticFile | undefined> {
    if (this.#root === undefined) return undefined;
    try {
      const decoded = decodeURIComponent(path);
      if (decoded.includes('\0')) return undefined;
      const root = await realpath(this.#root);
      const real = await realpath(resolve(root, `.${decoded}`));
      if (!real.startsWith(root + sep)) return undefined;
      const found = await stat(real);
      if (!found.isFile() || found.size > LARGEST_FILE) return undefined;
      return { type: typeOf(real), bytes: await readFile(real) };
    } catch {
      // Not there, not ours to read, or no valid encoding: nothing to be shown.
      return undefined;
    }
  }

  async #fromFile(path: string): Promise<Page | undefined> {
    try {
      const { mtimeMs, size } = await stat(path);
      const kept = this.#files.get(path);
      if (kept?.modified === mtimeMs) return kept.page;
      if (size > LARGEST_PAGE) return undefined;
      const page = compilePage(tellingWhy(await readFile(path, 'utf8')));
      this.#files.set(path, { modified: mtimeMs, page });
      return page;
    } catch {
      return undefined;
    }
  }
}

/** A page that shows `$error_msg` nowhere, or only in a comment as that of the manual, has it at the top: nobody is sent away without a word. */
function tellingWhy(text: string): string {
  if (text.replaceAll(/<!--.*?-->/gs, '').includes('$error_msg')) return text;
  return text.replace(/<body\b[^>]*>/i, (body) => `${body}<div class="error" role="alert">$error_msg</div>`);
}

function typeOf(path: string): string {
  return TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream';
}
