package bizxml

import (
	"encoding/json"
	"regexp"

	"yichuang/internal/exchange/spec"
)

var caseForm = regexp.MustCompile(`^[0-9A-Za-z_-]{1,64}$`)

// otherFiles is the folder of files of messages that belong to no case.
const otherFiles = "other"

// Attachments lists the files that a request names by digest, wherever in it they stand, each once; with the place that each has in
// the folder: the case's number, or "other", and the digest.
func Attachments(op spec.Operation, body []byte) ([]File, error) {
	value, err := parse(body)
	if err != nil {
		return nil, err
	}
	under := otherFiles
	if no, _ := value["caseNo"].(string); caseForm.MatchString(no) {
		under = no
	}
	var list []File
	seen := map[string]bool{}
	visit(grammar(op, spec.Request), value, func(attachment map[string]any) {
		digest, _ := attachment["digest"].(string)
		size, _ := attachment["size"].(json.Number)
		if n, err := size.Int64(); err == nil && digestForm.MatchString(digest) && !seen[digest] {
			seen[digest] = true
			list = append(list, File{Digest: digest, Size: n, Path: under + "/" + digest})
		}
	})
	return list, nil
}

// visit finds the attachments in an object.
func visit(o *object, value map[string]any, found func(map[string]any)) {
	if o == &bodyAttachment {
		found(value)
		return
	}
	for i := range o.fields {
		f := &o.fields[i]
		if f.kind != nested {
			continue
		}
		switch v := value[f.json].(type) {
		case map[string]any:
			visit(f.of, v, found)
		case []any:
			for _, item := range v {
				if inner, ok := item.(map[string]any); ok {
					visit(f.of, inner, found)
				}
			}
		}
	}
}
