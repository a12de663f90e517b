// Package democity builds the demonstration city: homes, people, rights, debts, contracts and accounts, all invented.
//
// In comes a seed and the day it is; out comes a *City, the same for the same two on every machine, in milliseconds and
// without I/O. The office loads its register from it, the simulated systems outside answer from it, the tests pick
// their people from it, so that everybody speaks of the same homes. Identity numbers are valid by form and check digit
// but lie in the sequence range 900–999, which counties of this size never reached; phones are of one invented block.
package democity
