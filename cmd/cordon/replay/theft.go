package replay

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
)

// Theft is one way to misuse an account that was taken over.
type Theft struct {
	Kind   string
	Copies int // of one order
	Orders int
	Every  int64 // seconds between two orders
	Own    bool  // the words of the account's last message, again and again
	Quiet  bool  // at the hour of the day at which the account sends least
	Walk   bool  // in the order of the directory
	Inside bool  // people of the house whom the account never wrote to; otherwise nobody ever did
	Aimed  bool  // of these, people whom the account's near colleagues write to, as far as there are any
}

// Thefts are the ways that every account chosen is taken over in. Each reaches
// 50 people or more, all of them new to the account.
func Thefts() []Theft {
	return []Theft{
		{Kind: "burst, one by one", Copies: 1, Orders: 60, Every: 5},
		{Kind: "burst, one by one, inside", Copies: 1, Orders: 60, Every: 5, Inside: true},
		{Kind: "burst by tens", Copies: 10, Orders: 6, Every: 20},
		{Kind: "burst by tens, inside", Copies: 10, Orders: 6, Every: 20, Inside: true},
		{Kind: "burst by twenty-fives, inside", Copies: 25, Orders: 3, Every: 60, Inside: true},
		{Kind: "burst by fifteens, inside", Copies: 15, Orders: 4, Every: 60, Inside: true},
		{Kind: "burst in one order", Copies: 50, Orders: 1},
		{Kind: "burst in one order, inside", Copies: 50, Orders: 1, Inside: true},
		{Kind: "slow drip", Copies: 1, Orders: 90, Every: 60},
		{Kind: "slow drip, inside", Copies: 1, Orders: 90, Every: 60, Inside: true},
		{Kind: "night", Copies: 3, Orders: 20, Every: 60, Quiet: true},
		{Kind: "new content", Copies: 5, Orders: 12, Every: 60},
		{Kind: "new content, walking the directory", Copies: 5, Orders: 12, Every: 60, Inside: true, Walk: true},
		{Kind: "copied own content", Copies: 2, Orders: 30, Every: 30, Own: true},
		{Kind: "copied own content, inside", Copies: 2, Orders: 30, Every: 30, Own: true, Inside: true},
	}
}

// Limits are what no rule of a sender's own history answers well; they are tried
// and reported apart, with what bounds them.
func Limits() []Theft {
	return []Theft{
		{Kind: "aimed at the account's circle, one by one", Copies: 1, Orders: 60, Every: 60, Inside: true, Aimed: true},
		{Kind: "aimed at the account's circle, by tens", Copies: 10, Orders: 6, Every: 60, Inside: true, Aimed: true},
	}
}

// FirstDay are the thefts of an account that is known for less than a week.
func FirstDay() []Theft {
	return []Theft{
		{Kind: "new account, one by one", Copies: 1, Orders: 60, Every: 5},
		{Kind: "new account, by tens", Copies: 10, Orders: 6, Every: 60},
		{Kind: "new account, in one order", Copies: 50, Orders: 1},
	}
}

// strangersFrom is where the numbers of people begin whom nobody ever wrote to.
const strangersFrom = 1 << 40

// victims chooses whom a thief writes to.
func (t Theft) victims(h *House, sender int, chance *rand.Rand) []int64 {
	n := t.Copies * t.Orders
	var inside []int64
	if t.Inside {
		for r := range h.of {
			if !h.own[sender][r] {
				inside = append(inside, r)
			}
		}
		slices.Sort(inside)
		if !t.Walk {
			chance.Shuffle(len(inside), func(i, j int) { inside[i], inside[j] = inside[j], inside[i] })
		}
		if t.Aimed {
			near := h.near(sender)
			slices.SortStableFunc(inside, func(a, b int64) int { return cmp.Compare(h.writers(b, near), h.writers(a, near)) })
		}
	}
	for len(inside) < n {
		inside = append(inside, strangersFrom+1000*int64(len(inside)))
	}
	return inside[:n]
}

// Level is how much an account had sent before it was taken over.
type Level struct {
	Name       string
	From, Till int // messages before, Till not included
}

// Levels, from accounts that hardly ever send to the busiest.
func Levels() []Level {
	return []Level{{"rare", 3, 10}, {"now and then", 10, 50}, {"busy", 50, 300}, {"busiest", 300, 1 << 30}}
}

// moment is where an account is taken over: right after its message.
type moment struct {
	message int
	level   string
}

const newAccount = "new"

const (
	perLevel    = 8
	knownBefore = 7 * 86400 // an account is taken over a week after its first message at the earliest
)

// moments chooses accounts and times, spread over the file: perLevel of each
// level and part of the file, no account twice in a level.
func moments(h *History, part float64) []moment {
	chance := rand.New(rand.NewPCG(uint64(len(h.Messages)), 7))
	before := make([]int, h.Senders)
	first := make([]int64, h.Senders)
	can := map[string][]int{}
	for i, m := range h.Messages {
		if before[m.Sender] == 0 {
			first[m.Sender] = m.At
		}
		before[m.Sender]++
		if n := before[m.Sender]; n <= 3 && m.At-first[m.Sender] < knownBefore {
			can[newAccount] = append(can[newAccount], i)
		}
		for _, l := range Levels() {
			if n := before[m.Sender]; n >= l.From && n < l.Till && m.At-first[m.Sender] >= knownBefore {
				can[l.Name] = append(can[l.Name], i)
			}
		}
	}
	var all []moment
	edge := int(part * float64(len(h.Messages)))
	for _, l := range append(Levels(), Level{Name: newAccount}) {
		for _, in := range [][2]int{{0, edge}, {edge, len(h.Messages)}} {
			taken := make(map[int]bool)
			for try := 0; try < 50*perLevel && len(taken) < perLevel && len(can[l.Name]) > 0; try++ {
				i := can[l.Name][chance.IntN(len(can[l.Name]))]
				if s := h.Messages[i].Sender; i >= in[0] && i < in[1] && !taken[s] {
					taken[s] = true
					all = append(all, moment{i, l.Name})
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b moment) int { return a.message - b.message })
	return all
}

func (t Theft) name(m moment, sender int) string {
	return fmt.Sprintf("%s: account %d (%s), after message %d", t.Kind, sender, m.level, m.message+1)
}
