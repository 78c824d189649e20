package services

import "sync"

// people are users with whom something is under way that is not in the database
// yet. One process owns a domain's data, so nobody else could know, and what a
// crash ends here has not happened.
type people struct {
	mu    sync.Mutex
	count map[string]int
}

// enter notes users until leave is called.
func (p *people) enter(users ...string) (leave func()) {
	p.add(1, users)
	return func() { p.add(-1, users) }
}

func (p *people) add(step int, users []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.count == nil {
		p.count = map[string]int{}
	}
	for _, user := range users {
		if p.count[user] += step; p.count[user] == 0 {
			delete(p.count, user)
		}
	}
}

// have tells whether something is under way with user.
func (p *people) have(user string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count[user] > 0
}
