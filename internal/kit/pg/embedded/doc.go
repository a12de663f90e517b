// Package embedded runs a PostgreSQL of the program's own: one folder, one Unix socket, no port, no root.
//
// Start finds the programs (those of the set-up, else PostgreSQL 15 or newer of the machine), makes the cluster
// the first time, and looks after the server: it dies with this process, is started again when it is killed, and an orphan of
// a killed process is taken over. What a person must mend comes back as a typed error with an Advice.
//
//	folder/cluster       the data (PGDATA)
//	folder/socket        the Unix socket, or /tmp/yichuang-… where that path would be too long
//	folder/postgres.log  what the server says
//	folder/owner.lock    held by the process that runs the server
package embedded
