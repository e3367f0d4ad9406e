/**
 * Our own pages, as templates: one file each with everything in it, no script, nothing loaded, since the small browsers of telephones
 * forbid both. Used where web_root is not set or lacks a page.
 */
import type { LoginWay } from '../config/model.ts';
import { html } from './escape.ts';
import type { Words } from './words.ts';

export type ThemePage = LoginWay | 'code' | 'call' | 'status' | 'logout' | 'missing' | 'refused';

const STYLE = `
:root{color-scheme:light dark;--ground:#eef2f5;--card:#fff;--ink:#1d2a35;--soft:#5b6b78;--accent:#0b6e8a;--line:#cfd8df;--edge:#7c8b97;--bad:#a3261b;--badground:#fdecea}
@media (prefers-color-scheme:dark){:root{--ground:#10181e;--card:#1a242c;--ink:#e8eef2;--soft:#9fb0bc;--accent:#3fb4d3;--line:#34424d;--edge:#708290;--bad:#ffb4aa;--badground:#4a1a15}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:flex;align-items:center;justify-content:center;padding:1.5rem;background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{width:100%;max-width:23rem;background:var(--card);border-radius:1rem;padding:2rem 1.75rem;box-shadow:0 .5rem 2rem rgba(0,20,40,.12);overflow-wrap:anywhere}
@media (max-width:22.5rem){body{padding:1rem}main{padding:1.75rem 1.25rem}}
main>:last-child{margin-bottom:0}
svg{display:block;margin:0 auto 1rem;color:var(--accent)}
h1{margin:0;font-size:1.5rem;line-height:1.25;text-align:center}
p{margin:.5rem 0 1.25rem;text-align:center;color:var(--soft)}
.net{margin:0 0 .25rem;font-size:.9rem;letter-spacing:.04em}
.or{margin:2rem 0 0;padding-top:1.5rem;border-top:1px solid var(--line)}
.bad{margin:1rem 0;padding:.7rem .9rem;border-radius:.5rem;background:var(--badground);color:var(--bad)}
.bad:empty{display:none}
label{display:block;margin:.9rem 0 .25rem;font-size:.9rem;color:var(--soft)}
input{width:100%;padding:.7rem .8rem;font:inherit;color:inherit;background:transparent;border:1px solid var(--edge);border-radius:.5rem}
input:focus{outline:2px solid var(--accent);outline-offset:1px;border-color:transparent}
button{width:100%;margin-top:1.4rem;padding:.8rem;font:inherit;font-weight:600;color:#fff;background:#0b6e8a;border:0;border-radius:.5rem;cursor:pointer}
button.quiet{color:var(--accent);background:none;border:1px solid var(--edge)}
button:focus-visible{outline:2px solid var(--ink);outline-offset:2px}
dl{display:grid;grid-template-columns:auto minmax(0,1fr);gap:.35rem 1rem;margin:1.25rem 0 0;font-size:.9rem}
dt{color:var(--soft)}dd{margin:0;text-align:right;font-variant-numeric:tabular-nums}
a{color:var(--accent)}`;

const WAVES =
  '<svg width="56" height="56" viewBox="0 0 56 56" fill="none" stroke="currentColor" stroke-width="5" stroke-linecap="round" aria-hidden="true"><path d="M6 22a32 32 0 0 1 44 0"/><path d="M14 31a20 20 0 0 1 28 0"/><circle cx="28" cy="42" r="3" fill="currentColor"/></svg>';
const DONE =
  '<svg width="56" height="56" viewBox="0 0 56 56" fill="none" stroke="currentColor" stroke-width="5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><circle cx="28" cy="28" r="22"/><path d="M18 29l7 7 13-15"/></svg>';

/** A template of ours; `$` of our words would be read as a variable, so there is none in them. */
export function themePage(page: ThemePage, words: Words): string {
  const w = (name: Exclude<keyof Words, 'reasons'>) => html(words[name]);
  const form = (action: string, inside: string) =>
    `<form method="post" action="$${action}"><input type="hidden" name="tok" value="$tok"><input type="hidden" name="redir" value="$redir">${inside}</form>`;
  const numbers = '<dl><dt>IP</dt><dd>$clientip</dd><dt>MAC</dt><dd>$clientmac</dd></dl>';
  const byPassword =
    `<label for="u">${w('user')}</label><input id="u" name="username" autocomplete="username" autocapitalize="none" autocorrect="off" spellcheck="false" maxlength="255" required>` +
    `<label for="p">${w('password')}</label><input id="p" name="password" type="password" autocomplete="current-password" maxlength="255" required>` +
    button(w('logIn'));
  const byVoucher =
    `<label for="v">${w('voucher')}</label><input id="v" name="voucher" autocomplete="off" autocapitalize="characters" autocorrect="off" spellcheck="false" maxlength="40" placeholder="XXXXX-XXXXX" required>` +
    button(w('goOn'));
  switch (page) {
    case 'click':
      return layout(
        w('welcome'),
        words,
        WAVES,
        `<p>${w('clickText')}</p>`,
        form('authaction', button(w('clickButton'))),
      );
    case 'password':
      return layout(w('welcome'), words, WAVES, `<p>${w('passwordText')}</p>`, form('authaction', byPassword));
    case 'voucher':
      return layout(w('welcome'), words, WAVES, `<p>${w('voucherText')}</p>`, form('authaction', byVoucher));
    case 'password or voucher':
      return layout(
        w('welcome'),
        words,
        WAVES,
        `<p>${w('voucherText')}</p>`,
        form('authaction', byVoucher),
        `<p class="or">${w('passwordText')}</p>`,
        form('authaction', byPassword),
      );
    case 'code':
      return layout(
        w('code'),
        words,
        WAVES,
        '<p>$prompt</p>',
        form(
          'authaction',
          `<input type="hidden" name="username" value="$username"><input type="hidden" name="transaction" value="$transaction">` +
            `<label for="c">${w('code')}</label><input id="c" name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="64" required autofocus>` +
            button(w('goOn')),
        ),
      );
    case 'call':
      return layout(
        w('call'),
        words,
        WAVES,
        `<p>${w('callText')}</p>`,
        form(
          'authaction',
          `<input type="hidden" name="username" value="$username"><input type="hidden" name="transaction" value="$transaction">` +
            `<input type="hidden" name="code" value="">${button(w('goOn'))}`,
        ),
      );
    case 'status':
      return layout(
        w('online'),
        words,
        DONE,
        `<p>${w('onlineText')}</p>`,
        // Whoever sees this page is where he wanted to be: the way out is there, and does not call for a finger.
        form('denyaction', `<button class="quiet">${w('logOut')}</button>`),
        numbers,
      );
    case 'logout':
      return layout(w('logOut'), words, WAVES, `<p>${w('logOutText')}</p>`, form('denyaction', button(w('logOut'))));
    case 'missing':
      return layout(w('notHere'), words, WAVES, `<p><a href="/">${w('back')}</a></p>`);
    case 'refused':
      return layout(w('welcome'), words, WAVES, `<p><a href="/">${w('back')}</a></p>`);
  }
}

function layout(title: string, words: Words, picture: string, ...parts: string[]): string {
  return `<!DOCTYPE html>
<html lang="${words.language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">
<title>${title} – $gatewayname</title><style>${STYLE}</style></head>
<body><main>${picture}<p class="net">$gatewayname</p><h1>${title}</h1><div class="bad" role="alert">$error_msg</div>${parts.join('')}</main></body>
</html>
`;
}

function button(text: string): string {
  return `<button>${text}</button>`;
}
