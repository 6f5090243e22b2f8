// What a command needs that compiles checks and judges nothing: it loads no record validator.
export { checkPlan } from './check-plan.ts';
export { compilePattern } from './pattern.ts';
