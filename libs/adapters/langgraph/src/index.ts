export { langgraphEscalations, type LanggraphEscalationsOptions } from './escalations.ts';
