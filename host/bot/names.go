package bot

func firstNames() []string {
	return []string{
		"Ada", "Aiko", "Alma", "Amara", "Anders", "Anya", "Arjun", "Astrid", "Aylin", "Bao", "Bea", "Bruno", "Camille", "Carlos", "Chidi",
		"Chloé", "Dalia", "Dario", "Deniz", "Dilan", "Eero", "Elif", "Emil", "Esra", "Farah", "Felix", "Fen", "Finn", "Freya", "Gael", "Goran",
		"Hana", "Hugo", "Ida", "Ilya", "Imani", "Ines", "Isak", "Ivo", "Jana", "Jonas", "Júlia", "Kai", "Kasia", "Kenji", "Kofi", "Lale", "Lars",
		"Leila", "Lena", "Lior", "Luca", "Lucía", "Maja", "Malik", "Marta", "Mateo", "Mei", "Mila", "Milo", "Mina", "Nadia", "Naoki", "Nils",
		"Nina", "Noor", "Nora", "Olek", "Olga", "Omar", "Oona", "Otto", "Paula", "Pavel", "Petra", "Priya", "Rafa", "Rania", "Remy", "Rosa",
		"Ruben", "Sana", "Sasha", "Selma", "Sofia", "Stefan", "Suki", "Tariq", "Tessa", "Theo", "Tomas", "Uma", "Vera", "Viktor", "Wen", "Yara",
		"Yusuf", "Zara", "Zeynep", "Zoë",
	}
}

func sentences() []string {
	return []string{
		"I bake bread on Sundays and give most of it away.",
		"Ask me about the smallest museum in this town.",
		"I learned to swim at thirty and now I cannot stop.",
		"My bicycle has a name, my plants do not.",
		"I am restoring an old radio, slowly, with the wrong tools.",
		"On good days I write letters by hand.",
		"I can recommend three cafés and warn you of a fourth.",
		"I play the cello badly and the triangle well.",
		"Give me a night train over an airport any time.",
		"I collect words that have no translation.",
		"I moved here for the mountains and stayed for the soup.",
		"I am looking for someone to lose at chess against.",
		"By day I draw maps, by night I get lost.",
		"My grandmother taught me to dance in her kitchen.",
		"I have strong opinions on dumplings.",
		"I once walked across the country with a borrowed dog.",
		"I like long films and short meetings.",
		"Tell me what you would do with a free Wednesday.",
		"I am happiest near water, even if it is rain.",
		"I keep bees on the roof; they keep me busy.",
		"I read the last page first and regret nothing.",
		"I am told that I laugh before my own jokes.",
		"I fix clocks, so please do not be late.",
		"I would rather hear your story than tell mine.",
	}
}
