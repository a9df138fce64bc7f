/** What stdout can show. https://no-color.org: any value but the empty one turns colours off. */
export function terminal(): { readonly color: boolean; readonly width: number } {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  const wanted = FORCE_COLOR !== undefined && FORCE_COLOR !== '' && FORCE_COLOR !== '0';
  const color = (process.stdout.isTTY || wanted) && (NO_COLOR === undefined || NO_COLOR === '');
  return { color, width: Math.min(process.stdout.columns ?? 100, 120) };
}
