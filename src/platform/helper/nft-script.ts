/**
 * Whether a text for `nft -f -` speaks of one table only: each command names it, none reads another file. What is inside of braces belongs to the
 * command before them, so only what stands outside has to be understood.
 *
 * It takes less than nft does: no comments, no variables, no continued lines, no single quotes.
 *
 * Source: nft's scanner.l and parser_bison.y, for what separates commands (newline, semicolon) and where `include` counts (everywhere).
 */
const PIECE = /"[^"\n]*"|[{};\n]|[ \t]+|[\w.:,/@!&|()=<>*+^%~[\]-]+/y;
const VERB = 'add|create|delete|destroy|flush|insert|replace|reset';
const KIND = 'table|chain|rule|set|map|element|quota|limit|counter';

/** Undefined: nothing but the table, `inet x` for instance. Else what is wrong. */
export function foreignInScript(text: string, table: string): string | undefined {
  const ours = new RegExp(`^(?:table|(?:${VERB}) (?:${KIND})) ${table}(?: |$)`);
  let depth = 0;
  let command = '';
  for (let at = 0; at < text.length; at = PIECE.lastIndex) {
    PIECE.lastIndex = at;
    const piece = PIECE.exec(text)?.[0];
    if (piece === undefined) return `there is ${JSON.stringify(text[at])} in it`;
    if (/\binclude\b/.test(piece) && piece[0] !== '"') return 'it includes another file';
    if (piece === '{') depth++;
    else if (piece === '}' && --depth < 0) return 'its braces do not match';
    else if (depth === 0 && (piece === '\n' || piece === ';')) {
      if (isForeign(command)) return `a command is not about the table ${table}: ${command.slice(0, 80)}`;
      command = '';
    } else if (depth === 0) command += /^[ \t]/.test(piece) ? ' ' : piece;
  }
  if (depth > 0) return 'its braces do not match';
  return isForeign(command) ? `a command is not about the table ${table}: ${command.slice(0, 80)}` : undefined;

  function isForeign(words: string): boolean {
    const whole = words.trim();
    return whole !== '' && whole !== '}' && !ours.test(whole);
  }
}
