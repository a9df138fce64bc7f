/**
 * A path inside the repository, from one of its folders; null when it leads out of it, or is absolute. `.` is the root.
 */
export function insideRepository(directory: string, path: string): string | null {
  if (path.startsWith('/') || path.startsWith('~') || /[\0\n\\]/.test(path) || path.length > 1024)
    return null;
  const parts: string[] = directory === '.' ? [] : directory.split('/');
  for (const part of path.split('/')) {
    if (part === '..' && parts.pop() === undefined) return null;
    if (part !== '' && part !== '.' && part !== '..') parts.push(part);
  }
  return parts.length === 0 ? '.' : parts.join('/');
}
