// Verifies notes and proofs with Go's own tools, golang.org/x/mod/sumdb/note and golang.org/x/mod/sumdb/tlog.
//
// A command is a line of words with spaces between. Notes, texts and files are in hex. The answer is a line: "ok", perhaps with
// what was asked for, or "error" and the reason.
//
//	note NOTE VKEY…                              the note has a right signature, and no wrong one, by one of the keys
//	sign TEXT SKEY                               the signed note
//	inclusion SIZE ROOT INDEX LEAF HASH…         the tree has the leaf
//	consistency NEW ROOT OLD ROOT HASH…          the new tree begins with the old one
//	prove-inclusion SIZE INDEX LEAF…             the inclusion proof in the tree of these leaves
//	prove-consistency NEW OLD LEAF…              the consistency proof in the tree of these leaves
//	root LEAF…                                   the root of the tree of these leaves
//	proof FILE ORIGIN LEAF VKEY…                 the file of c2sp.org/tlog-proof is good for the leaf
package main

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	in := bufio.NewReader(os.Stdin)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		answer, err := run(strings.Fields(line))
		if err != nil {
			fmt.Println("error", strings.ReplaceAll(err.Error(), "\n", " "))
		} else {
			fmt.Println(strings.TrimSpace("ok " + answer))
		}
	}
}

func run(words []string) (string, error) {
	if len(words) < 2 {
		return "", errors.New("no command")
	}
	command, words := words[0], words[1:]
	switch command {
	case "note":
		text, err := hex.DecodeString(words[0])
		if err != nil {
			return "", err
		}
		_, err = open(text, words[1:])
		return "", err
	case "sign":
		text, err := hex.DecodeString(words[0])
		if err != nil {
			return "", err
		}
		signer, err := note.NewSigner(words[1])
		if err != nil {
			return "", err
		}
		signed, err := note.Sign(&note.Note{Text: string(text)}, signer)
		return hex.EncodeToString(signed), err
	case "inclusion", "consistency":
		size, root, err := sized(words)
		if err != nil {
			return "", err
		}
		other, hash, err := sized(words[2:])
		if err != nil {
			return "", err
		}
		proof, err := hashes(words[4:])
		if err != nil {
			return "", err
		}
		if command == "inclusion" {
			return "", tlog.CheckRecord(proof, size, root, other, hash)
		}
		return "", tlog.CheckTree(proof, size, root, other, hash)
	case "prove-inclusion", "prove-consistency":
		size, err := number(words[0])
		if err != nil {
			return "", err
		}
		other, err := number(words[1])
		if err != nil {
			return "", err
		}
		leaves, err := hashes(words[2:])
		if err != nil {
			return "", err
		}
		if command == "prove-inclusion" {
			proof, err := tlog.ProveRecord(size, other, grown(leaves))
			return written(proof), err
		}
		proof, err := tlog.ProveTree(size, other, grown(leaves))
		return written(proof), err
	case "root":
		leaves, err := hashes(words)
		if err != nil {
			return "", err
		}
		root, err := tlog.TreeHash(int64(len(leaves)), grown(leaves))
		return root.String(), err
	case "proof":
		file, err := hex.DecodeString(words[0])
		if err != nil {
			return "", err
		}
		leaf, err := hash(words[2])
		if err != nil {
			return "", err
		}
		return "", verify(file, words[1], leaf, words[3:])
	}
	return "", errors.New("unknown command " + command)
}

// The stored hashes of the tree of these leaves, in the order of sumdb/tlog.
func grown(leaves []tlog.Hash) tlog.HashReader {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var read []tlog.Hash
		for _, index := range indexes {
			if index >= int64(len(stored)) {
				return nil, errors.New("beyond the tree")
			}
			read = append(read, stored[index])
		}
		return read, nil
	})
	for number, leaf := range leaves {
		more, err := tlog.StoredHashesForRecordHash(int64(number), leaf, reader)
		if err != nil {
			panic(err)
		}
		stored = append(stored, more...)
	}
	return reader
}

// A note with a right signature, and no wrong one, by one of these keys.
func open(text []byte, vkeys []string) (*note.Note, error) {
	var known []note.Verifier
	for _, vkey := range vkeys {
		verifier, err := verifier(vkey)
		if err != nil {
			return nil, err
		}
		known = append(known, verifier)
	}
	return note.Open(text, note.VerifierList(known...))
}

func verifier(vkey string) (note.Verifier, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("malformed key")
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		return nil, err
	}
	if len(key) == 33 && key[0] == 4 {
		return newCosigner(parts[0], parts[1], key)
	}
	return note.NewVerifier(vkey)
}

// A cosigner of c2sp.org/tlog-cosignature, which sumdb/note has not: a verifier of its own kind.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func newCosigner(name, hash string, key []byte) (*cosigner, error) {
	sum := sha256.Sum256(append([]byte(name+"\n"), key...))
	number := binary.BigEndian.Uint32(sum[:4])
	if fmt.Sprintf("%08x", number) != hash {
		return nil, errors.New("wrong number of a key")
	}
	return &cosigner{name, number, key[1:]}, nil
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }
func (c *cosigner) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	time := binary.BigEndian.Uint64(signature)
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", time, text)
	return ed25519.Verify(c.key, []byte(message), signature[8:])
}

// Verifies a file of c2sp.org/tlog-proof: header, perhaps extra data, index, hashes, an empty line, a checkpoint.
func verify(file []byte, origin string, leaf tlog.Hash, vkeys []string) error {
	head, checkpoint, found := bytes.Cut(file, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !found || lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("no proof")
	}
	lines = lines[1:]
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		word := strings.TrimPrefix(lines[0], "extra ")
		extra, err := base64.StdEncoding.DecodeString(word)
		if err != nil || base64.StdEncoding.EncodeToString(extra) != word {
			return errors.New("malformed extra data")
		}
		lines = lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") {
		return errors.New("no index")
	}
	index, err := number(strings.TrimPrefix(lines[0], "index "))
	if err != nil {
		return err
	}
	path, err := hashes(lines[1:])
	if err != nil {
		return err
	}
	signed, err := open(checkpoint, vkeys)
	if err != nil {
		return err
	}
	body := strings.Split(signed.Text, "\n")
	if len(body) < 4 || body[0] != origin {
		return errors.New("checkpoint of another log")
	}
	size, root, err := sized(body[1:])
	if err != nil {
		return err
	}
	return tlog.CheckRecord(path, size, root, index, leaf)
}

// A number in its only spelling, and a hash.
func sized(words []string) (int64, tlog.Hash, error) {
	if len(words) < 2 {
		return 0, tlog.Hash{}, errors.New("a number and a hash are missing")
	}
	size, err := number(words[0])
	if err != nil {
		return 0, tlog.Hash{}, err
	}
	hash, err := hash(words[1])
	return size, hash, err
}

// Go's decoder passes over carriage returns, and over bits behind the last byte.
func hash(word string) (tlog.Hash, error) {
	hash, err := tlog.ParseHash(word)
	if err == nil && hash.String() != word {
		err = errors.New("another spelling of a hash")
	}
	return hash, err
}

func number(word string) (int64, error) {
	number, err := strconv.ParseInt(word, 10, 64)
	if err == nil && strconv.FormatInt(number, 10) != word {
		err = errors.New("another spelling of a number")
	}
	return number, err
}

func hashes(words []string) ([]tlog.Hash, error) {
	var hashes []tlog.Hash
	for _, word := range words {
		hash, err := hash(word)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, hash)
	}
	return hashes, nil
}

func written(hashes []tlog.Hash) string {
	var words []string
	for _, hash := range hashes {
		words = append(words, hash.String())
	}
	return strings.Join(words, " ")
}
