# Ends the shared test server and removes all of it when no process has used it for a while.
#   sh keeper.sh PLACE SECONDS
# File descriptor 3 is the keeper's lock; it's held until this script ends. See join.go for the protocol.
place=$1 patience=$2
idle=0

in_use() {
	for user in "$1"/*; do
		[ -e "$user" ] || continue
		if kill -0 "${user##*/}" 2>/dev/null; then return 0; fi
		rm -f "$user"
	done
	return 1
}

while sleep 2; do
	if in_use "$place/users"; then idle=0 && continue; fi
	idle=$((idle + 2))
	[ "$idle" -ge "$patience" ] || continue

	mv "$place/users" "$place/users.gone" || exit 1
	if in_use "$place/users.gone"; then # somebody came in the last moment
		mv "$place/users.gone" "$place/users" && idle=0 && continue
	fi
	server=$(head -n 1 "$place/server/cluster/postmaster.pid" 2>/dev/null)
	if [ -n "$server" ]; then
		kill -INT "$server" 2>/dev/null
		while kill -0 "$server" 2>/dev/null; do sleep 0.1; done
	fi
	rm -rf "$place/server" "$place/users.gone"
	exit 0
done
