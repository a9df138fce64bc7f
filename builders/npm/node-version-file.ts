import type { PlanRequest } from '../../src/ecosystem.ts';
import { join } from './install-root.ts';

/** The version that `.nvmrc`, `.node-version` or `.tool-versions` names, nearest to the package first. */
export async function nodeVersionFile(
  request: Pick<PlanRequest, 'source' | 'readText'>,
): Promise<string | null> {
  const { directory } = request.source;
  for (const place of directory === '.' ? ['.'] : [directory, '.']) {
    for (const name of ['.nvmrc', '.node-version']) {
      const text = await request.readText(join(place, name));
      if (text !== null && text.trim() !== '') return text.trim();
    }
    const tools = await request.readText(join(place, '.tool-versions'));
    const named = /^nodejs[ \t]+([\w.]+)/m.exec(tools ?? '')?.[1];
    if (named !== undefined) return named;
  }
  return null;
}
