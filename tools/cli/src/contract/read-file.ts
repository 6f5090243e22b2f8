import { readContract, type Contract, type ReadOptions } from '@skein/contract';
import { readText } from './contract-file.ts';

/** The contract in a file; its faults are thrown with place and frame. */
export async function readContractFile(file: string, options: ReadOptions = {}): Promise<Contract> {
  return readContract(await readText(file), file, options);
}
