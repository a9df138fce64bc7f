/** Text from outside as both databases take it: PostgreSQL has no NUL, and neither keeps half a surrogate pair. */
export function storable(text: string): string {
  return text.replaceAll('\0', '\u{fffd}').toWellFormed();
}
