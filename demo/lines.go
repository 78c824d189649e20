package demo

// What people write. {stage} stands for the milestone, {client} for the client's
// name, {business} for what it is, {skill} for one of the project's skills, {days}
// for a number of days.

var openings = []string{
	"{client} is {business}, and we are looking for help with this.",
	"We are {business} and would like to have this done properly.",
	"Hello from {client}. We have put this off for too long.",
	"We are {business} with a small team and no time to do this ourselves.",
}

var practicalities = []string{
	"Please tell us about something similar you have done and how you would begin.",
	"We answer within a working day and prefer short calls to long mails.",
	"A fixed price per milestone, please; we fund each before work on it begins.",
	"We would like to start in the next two weeks. The rest of the timing is open.",
	"If you think we are asking for the wrong thing, say so.",
}

var bios = []string{
	"I work alone, on two projects at a time, and answer on the same day.",
	"Ten years in agencies taught me to say no early and to deliver on Thursdays.",
	"I start small, show something in the first week, and write down what I decided and why.",
	"Most of my clients come back. I like owners who know their trade and let me know mine.",
	"I leave behind something the next person can read. References on request.",
	"Fixed prices, clear milestones, no surprises. I live by the water and work in the mornings.",
}

var letters = []string{
	"I did something close to this last year: same size, same worries. {skill} is what I do most weeks. I would begin with a short call and show you a first result after {days} days.",
	"Two things I noticed in your text: the timing is fine, and the second part is smaller than it looks. I would split it differently and would like to explain why. {skill} included.",
	"I know {business} from an earlier client and would not need a long introduction. My price includes one round of changes and two weeks of questions afterwards.",
	"I can start next Monday. I work in small steps: you see something every three or four days and can change your mind cheaply.",
	"My price is not the lowest. It includes testing, documentation and {skill} done so that you can carry on without me.",
	"Short version: yes, I can do this, in about {days} days, for the price above. Longer version gladly on the phone.",
	"I am new on this marketplace, not in the trade. I would do the first milestone at this price and let you decide from there.",
	"Your project fits a gap in my calendar exactly. {skill} has been my main work for six years.",
}

var withdrawals = []string{
	"I have taken on another project and could not start in time.",
	"After reading it again this is not quite my field.",
	"My calendar has changed; I do not want to promise what I cannot keep.",
}

var rejections = []string{
	"Thank you. The price is above what we have for this.",
	"We were looking for someone with more experience in exactly this.",
	"Sorry, the time zones make it too hard for our team.",
	"We liked it, but we want to start earlier than you can.",
}

var cancellations = []string{
	"We have decided to do this ourselves after all.",
	"The budget for this year is gone; we will come back in spring.",
	"Our plans have changed and this is no longer needed.",
	"We will publish this again in two smaller parts.",
}

// beginnings are the first words of a contract: client, freelancer, client.
var beginnings = [][3]string{
	{
		"Welcome on board! I have funded nothing yet, that comes in the next days. Is there anything you need from us first?",
		"Thank you! Access to the current system and one contact person is all I need. Who decides when I have a quick question?",
		"That would be me. If I am travelling, ask the office, they know.",
	}, {
		"Great that it worked out. Who should I add to the shared folder?",
		"Just me. I will read everything before we talk and send you a short plan tomorrow morning.",
		"Done, you should have an invitation. The passwords come separately.",
	}, {
		"Hello! We are looking forward to this. Shall we have a short call this week?",
		"Gladly. Thursday would be good, half an hour is enough to begin with.",
		"Thursday at ten works. I will bring the person who has to live with it.",
	}, {
		"Glad to have you. Our texts and pictures are ready, more or less.",
		"Thanks for the trust. I have put down in the folder what is in and what is not, so that we both mean the same.",
		"Read it. I would swap points two and three, otherwise yes.",
	}, {
		"It is official! What happens next?",
		"You fund the first milestone, I begin on the day after, and you see something within a week.",
		"That is how we like it. The money is on its way.",
	},
}

// updates are words on the way: freelancer, client.
var updates = [][2]string{
	{
		"Quick update on “{stage}”: the difficult part works. I will clean up tomorrow and show it to you on Friday.",
		"Good news. Friday is fine, I will bring a colleague.",
	}, {
		"I am about half through “{stage}”. One decision for you: keep it simple now, or prepare for next year? I would keep it simple.",
		"Keep it simple, yes. Next year is next year.",
	}, {
		"Small delay on “{stage}”: I found something in the old data that should be fixed first. Half a day.",
		"Thank you for saying so early. Half a day is fine.",
	}, {
		"“{stage}” is coming along. A first look is behind the link in the folder, please click around and be rude.",
		"I showed it to two colleagues, and both found their way at once. One thing: could the first part be a little calmer?",
	}, {
		"For “{stage}” I need the final texts by Wednesday, otherwise I will carry on with placeholders.",
		"They will be there on Tuesday. Promise.",
	}, {
		"Before I go on with “{stage}”: I wrote down two ways to do it, with what each costs you later. Page one of the note.",
		"The second one, please. Thank you for writing it so that we understand it.",
	},
}

var handovers = []string{
	"“{stage}” is handed in. Everything is in the folder, with a short note on what to look at first.",
	"Done with “{stage}”. I tested it on my own devices; please try it on yours.",
	"Here is “{stage}”. If something is missing, tell me before the weekend and it is fixed on Monday.",
}

var complaints = []string{
	"Nearly there. On a small screen the last step hides behind the keyboard, and two headings are still in English.",
	"Please look at the totals again, they are off by a cent in two places. The rest is fine.",
	"We like it, but the second part does not match what we agreed on the phone. Could you compare it with the notes?",
}

var fixes = []string{
	"You are right on both points. Fixed and handed in again.",
	"Found it, that was a rounding rule of mine. Corrected, with a test so that it stays correct.",
	"I had the old notes. It is now as we agreed.",
}

var thanks = []string{
	"Approved. Thank you, that was a pleasure.",
	"All good, I have approved it. The money should be with you already.",
	"Approved! The whole team says thank you.",
	"Very good work. Approved, and on to the next one.",
}

var youAreWelcome = []string{
	"Thank you, and for the quick answers as well.",
	"Likewise. On to the next one.",
	"Received, thanks. Call me if anything comes up.",
	"Thank you! It was a good project.",
}
