/** Control and format characters, separators of lines, and halves of characters: they forge lines or move the cursor. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A text that somebody else worded, for one line of a log or a terminal: what does not print becomes `?`. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '?');
}
