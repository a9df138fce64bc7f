/** How a result can be printed. Alone in its file: the command line names them before it loads what prints. */
export const FORMAT_NAMES = ['text', 'json', 'markdown', 'sarif', 'html'] as const;
export type FormatName = (typeof FORMAT_NAMES)[number];
