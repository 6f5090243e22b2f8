export { GitTree } from './diff/git-tree.ts';
export { classifiedByName } from './draft/classified.ts';
export { columnNames } from './draft/column-names.ts';
export { dataDraft, type DataDraft } from './draft/data-draft.ts';
export { dataFiles, type DataFormat } from './judge/data-file.ts';
