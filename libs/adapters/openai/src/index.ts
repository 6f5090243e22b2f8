export { openaiProposer, type OpenaiProposerOptions } from './openai-proposer.ts';
