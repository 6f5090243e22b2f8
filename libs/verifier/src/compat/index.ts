export { compatible, type Compatibility, type CompatibleOptions, type Finding } from './compatible.ts';
