package store

import (
	"context"
	"encoding/json"
	"slices"
)

// writeTags replaces the tags of every draft that has any said, and notes them
// in the draft for its row.
func (t *tx) writeTags(ctx context.Context, tenant int64, drafts []draft) error {
	tags, err := t.registerTags(ctx, tenant, tagNames(drafts))
	if err != nil {
		return err
	}
	if err := t.takeTagsOff(ctx, tenant, drafts); err != nil {
		return err
	}
	var worn [][2]int64
	for i := range drafts {
		d := &drafts[i]
		if d.tags == nil && d.known {
			continue
		}
		nums := make([]int64, 0, len(d.tags))
		for _, name := range d.tags {
			nums = append(nums, tags[name])
		}
		slices.Sort(nums)
		nums = slices.Compact(nums)
		d.worn = jsonText(nums)
		for _, tag := range nums {
			worn = append(worn, [2]int64{tag, d.num})
		}
	}
	slices.SortFunc(worn, func(a, b [2]int64) int { return slices.Compare(a[:], b[:]) }) // along the key
	return t.insertRows(ctx, `INSERT INTO recipient_tag (tenant, tag, recipient)`, "", 3, len(worn), func(i int, args []any) []any {
		return append(args, tenant, worn[i][0], worn[i][1])
	})
}

func tagNames(drafts []draft) []string {
	wanted := map[string]bool{}
	var names []string
	for _, d := range drafts {
		for _, name := range d.tags {
			if !wanted[name] {
				wanted[name] = true
				names = append(names, name)
			}
		}
	}
	return names
}

// takeTagsOff deletes the tags of known recipients that get new ones.
func (t *tx) takeTagsOff(ctx context.Context, tenant int64, drafts []draft) error {
	var nums []int64
	for _, d := range drafts {
		if d.tags != nil && d.known {
			nums = append(nums, d.num)
		}
	}
	if len(nums) == 0 {
		return nil
	}
	rows, err := t.query(ctx, `SELECT r.num, r.tags FROM {{nums $2}} n CROSS JOIN recipient r WHERE r.tenant = $1 AND r.num = n.value AND r.tags <> '[]'`, tenant, jsonText(nums))
	var off [][2]int64
	_, err = collect(rows, err, func(r scanner) (struct{}, error) {
		var num int64
		var text string
		if err := r.Scan(&num, &text); err != nil {
			return struct{}{}, err
		}
		var tags []int64
		err := json.Unmarshal([]byte(text), &tags)
		for _, tag := range tags {
			off = append(off, [2]int64{tag, num})
		}
		return struct{}{}, err
	})
	if err != nil || len(off) == 0 {
		return err
	}
	_, err = t.exec(ctx, `DELETE FROM recipient_tag WHERE tenant = $1 AND (tag, recipient) IN
	(SELECT CAST(n.value->>0 AS BIGINT), CAST(n.value->>1 AS BIGINT) FROM {{rows $2}} n)`, tenant, jsonText(off))
	return err
}

// registerTags answers the number of every name, giving new ones theirs.
func (t *tx) registerTags(ctx context.Context, tenant int64, names []string) (map[string]int64, error) {
	tags, err := tagNums(ctx, t, tenant, names)
	if err != nil {
		return nil, err
	}
	fresh := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return tags[name] != 0 })
	if len(fresh) == 0 {
		return tags, nil
	}
	slices.Sort(fresh)
	first, err := t.take(ctx, tenant, "tag", int64(len(fresh)))
	if err != nil {
		return nil, err
	}
	for i, name := range fresh {
		tags[name] = first + int64(i)
	}
	return tags, t.insertRows(ctx, `INSERT INTO tag (tenant, num, name)`, "", 3, len(fresh), func(i int, args []any) []any {
		return append(args, tenant, tags[fresh[i]], fresh[i])
	})
}

// tagNums answers the numbers of the names that are known.
func tagNums(ctx context.Context, q querier, tenant int64, lists ...[]string) (map[string]int64, error) {
	var names []string
	for _, list := range lists {
		names = append(names, list...)
	}
	tags := map[string]int64{}
	if len(names) == 0 {
		return tags, nil
	}
	rows, err := q.query(ctx, `SELECT t.name, t.num FROM {{texts $2}} n CROSS JOIN tag t WHERE t.tenant = $1 AND t.name = n.value`, tenant, jsonText(names))
	_, err = collect(rows, err, func(r scanner) (struct{}, error) {
		var name string
		var num int64
		err := r.Scan(&name, &num)
		tags[name] = num
		return struct{}{}, err
	})
	return tags, err
}
