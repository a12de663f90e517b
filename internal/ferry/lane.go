package ferry

import (
	"slices"

	"yichuang/internal/ferry/message"
)

// Lane is how urgent something is. A lower one goes first, on the way and when it is applied; files go when no message is waiting.
type Lane int16

// The lanes.
const (
	Express  Lane = iota // somebody looks at a page that waits for it
	Ordinary             // all other messages
	Files                // slices of files
)

// express are questions and their replies.
var express = []message.Type{message.HomeQuery, message.ContractQuery, message.ShareQuery, message.UtilityQuery,
	message.HomeReplied, message.ContractReplied, message.ShareReplied, message.UtilityReplied}

func laneOf(t message.Type) Lane {
	if slices.Contains(express, t) {
		return Express
	}
	return Ordinary
}
