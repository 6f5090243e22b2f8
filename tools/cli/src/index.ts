export { GitTree } from './diff/git-tree.ts';
export { columnNames } from './draft/column-names.ts';
export { dataDraft, type DataDraft } from './draft/data-draft.ts';
export { tellsOfPersons } from './draft/decide-column.ts';
export { dataFiles, type DataFormat } from './judge/data-file.ts';
