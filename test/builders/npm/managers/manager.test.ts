import { expect, it } from 'vitest';
import { toolStep } from '../../../../builders/npm/managers/manager.ts';
import { PlanRules } from '../../../../src/report/plan-rules.ts';

const NAME = PlanRules.shape.steps.element.shape.name;

it.each([
  ['of many lines', 'node -e \n  const p = 1;\n\tp', 'node -e const p = 1; p'],
  ['of any length', 'x'.repeat(5000), 'x'.repeat(200)],
  ['as it is', 'npm run build', 'npm run build'],
])('a step whose name is a command %s can be given back in a plan file', (_, name, expected) => {
  const step = toolStep({ name, phase: 'build', argv: ['true'], directory: '.' });
  expect(NAME.parse(step.name)).toBe(expected);
});
