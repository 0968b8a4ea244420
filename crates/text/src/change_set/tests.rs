//! The algebra of change sets under random changes.

use super::*;

fn random_set(rng: &mut fastrand::Rng, len: usize) -> ChangeSet {
    let mut set = ChangeSet::default();
    let mut left = len;
    while left > 0 {
        let n = rng.usize(1..=left.min(9));
        match rng.usize(0..4) {
            0 => set.delete(n),
            1 => {
                let text: String = (0..rng.usize(1..5)).map(|_| rng.alphabetic()).collect();
                set.insert(text);
                continue;
            }
            _ => set.retain(n),
        }
        left -= n;
    }
    if rng.bool() {
        set.insert("end".to_owned());
    }
    set
}

fn applied(set: &ChangeSet, text: &str) -> String {
    let mut text = Text::from(text);
    set.apply(&mut text);
    text.to_string()
}

fn each_seed(check: impl Fn(u64, &mut fastrand::Rng, &str)) {
    let base = "the quick brown fox jumps over the lazy dog";
    for seed in 0..2_000 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let text = &base[..rng.usize(0..=base.len())];
        check(seed, &mut rng, text);
    }
}

#[test]
fn compose_equals_one_after_the_other() {
    each_seed(|seed, rng, text| {
        let first = random_set(rng, text.len());
        let second = random_set(rng, first.len_after());
        let both = applied(&second, &applied(&first, text));
        assert_eq!(applied(&first.compose(&second), text), both, "seed {seed}");
    });
}

#[test]
fn inverse_gives_the_text_before() {
    each_seed(|seed, rng, text| {
        let set = random_set(rng, text.len());
        let inverse = set.invert(&Text::from(text));
        assert_eq!(applied(&inverse, &applied(&set, text)), text, "seed {seed}");
    });
}

#[test]
fn transform_converges() {
    each_seed(|seed, rng, text| {
        let a = random_set(rng, text.len());
        let b = random_set(rng, text.len());
        let a_then_b = a.compose(&b.transform(&a, Bias::Right));
        let b_then_a = b.compose(&a.transform(&b, Bias::Left));
        assert_eq!(
            applied(&a_then_b, text),
            applied(&b_then_a, text),
            "seed {seed}"
        );
    });
}

#[test]
fn map_agrees_with_the_marked_text() {
    each_seed(|seed, rng, text| {
        let set = random_set(rng, text.len());
        let offset = rng.usize(0..=text.len());
        let (left, right) = (set.map(offset, Bias::Left), set.map(offset, Bias::Right));
        assert!(left <= right, "seed {seed}");
        // Text kept on either side of the offset stays on that side of both images.
        let after = applied(&set, text);
        for change in set.changes() {
            if change.old.end < offset {
                assert!(change.new.end <= left, "seed {seed}");
            }
            if change.old.start > offset {
                assert!(change.new.start >= right, "seed {seed}");
            }
        }
        assert!(right <= after.len(), "seed {seed}");
    });
}

#[test]
fn changes_rebuild_the_set() {
    each_seed(|seed, rng, text| {
        let set = random_set(rng, text.len());
        let again = ChangeSet::from_changes(
            text.len(),
            set.changes()
                .into_iter()
                .map(|change| (change.old, change.text)),
        );
        assert_eq!(again, set, "seed {seed}");
    });
}

#[test]
fn insertion_at_the_offset_follows_the_bias() {
    let set = ChangeSet::replace(4, 2..2, "xx");
    assert_eq!(set.map(2, Bias::Left), 2);
    assert_eq!(set.map(2, Bias::Right), 4);
    let replacing = ChangeSet::replace(4, 2..3, "xx");
    assert_eq!(replacing.map(3, Bias::Left), 4);
}
