/** In the order in which they are tried. */
export const NORMALIZER_NAMES = [
  'json-formatting',
  'comment-dates',
  'code-formatting',
  'line-ends',
  'shortened-readme',
] as const;
export type NormalizerName = (typeof NORMALIZER_NAMES)[number];
