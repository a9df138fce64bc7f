import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { reprove } from './support/cli.ts';

const PAGE = readFileSync(path.join(import.meta.dirname, '../docs/deploy.md'), 'utf8');
const DOCUMENTS = [...PAGE.matchAll(/^```yaml\n(.*?)^```$/gms)].flatMap(([, text = '']) =>
  parseAllDocuments(text).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as unknown;
  }),
);

const Container = z.looseObject({
  name: z.string().optional(),
  image: z.string(),
  args: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
  env: z.array(z.looseObject({ name: z.string() })).optional(),
  privileged: z.boolean().optional(),
});
const Compose = z.looseObject({ services: z.record(z.string(), Container) });
const PodSpec = z.looseObject({
  containers: z.array(Container),
  initContainers: z.array(Container).optional(),
  terminationGracePeriodSeconds: z.int().optional(),
});
const Deployment = z.looseObject({
  kind: z.literal('Deployment'),
  spec: z.looseObject({ template: z.looseObject({ spec: PodSpec }) }),
});
const CronJob = z.looseObject({
  kind: z.literal('CronJob'),
  spec: z.looseObject({
    jobTemplate: z.looseObject({
      spec: z.looseObject({ template: z.looseObject({ spec: PodSpec }) }),
    }),
  }),
});

const all = <T>(schema: z.ZodType<T>): readonly T[] =>
  DOCUMENTS.flatMap((document) => {
    const parsed = schema.safeParse(document);
    return parsed.success ? [parsed.data] : [];
  });
const composed = all(Compose).flatMap(({ services }) => Object.values(services));
const pods = [
  ...all(Deployment).map(({ spec }) => spec.template.spec),
  ...all(CronJob).map(({ spec }) => spec.jobTemplate.spec.template.spec),
];
const containers = [
  ...composed,
  ...pods.flatMap((pod) => [...pod.containers, ...(pod.initContainers ?? [])]),
];
const commands = containers.flatMap(({ args, command }) => {
  const given = args ?? command ?? [];
  return ['worker', 'batch'].includes(given[0] ?? '') ? [given] : [];
});

describe('the manifests of docs/deploy.md', () => {
  let help: Readonly<Record<string, string>>;
  beforeAll(async () => {
    const [worker, batch] = await Promise.all([reprove(['worker', '--help']), reprove(['batch', '--help'])]);
    help = { worker: worker.stdout, batch: batch.stdout };
  });

  test('start workers and batches with options that there are', () => {
    expect(commands.map(([name = '']) => name).toSorted()).toEqual(['batch', 'worker', 'worker', 'worker']);
    for (const [name = '', ...options] of commands)
      for (const option of options.filter((one) => one.startsWith('--')))
        expect(help[name]).toMatch(new RegExp(`^\\s+${option.split('=', 1)[0] ?? ''}\\b`, 'm'));
  });

  test('give a worker more time to end than it takes', () => {
    const grace = Number(/--grace <seconds>[^(]*\(default:\s+(\d+)\)/.exec(help['worker'] ?? '')?.[1]);
    for (const { terminationGracePeriodSeconds: given } of all(Deployment).map(
      ({ spec }) => spec.template.spec,
    ))
      expect(given).toBeGreaterThan(grace);
    const services = composed.filter(({ command }) => command?.[0] === 'worker');
    expect(services.map(({ stop_grace_period: given }) => given)).toEqual(services.map(() => '11m'));
    expect(grace).toBeLessThan(11 * 60);
  });

  test('give no container what makes it root on its host', () => {
    expect(JSON.stringify(DOCUMENTS)).not.toMatch(/var\/run\/docker\.sock|hostPath|hostNetwork|hostPID/);
    const privileged = containers.filter((one) => one.privileged === true);
    expect(privileged.map(({ image }) => image.split(':')[0])).toEqual(['docker']);
  });

  test('name images by digest alone', () => {
    for (const { image } of containers) expect(image).toMatch(/@sha256:<digest>$/);
  });
});
