import { Post } from "./Post.ts"

/** What is to be sent to the event store: one month a POST, and none too large. */
export class MonthlyPosts {
  readonly #open = new Map<number, Post>()
  readonly #full: Array<Post> = []

  /** Where the next event of a month goes. */
  of(month: number): Post {
    let post = this.#open.get(month)
    if (post?.isFull) {
      this.#full.push(post)
      post = undefined
    }
    if (post === undefined) {
      post = new Post(month)
      this.#open.set(month, post)
    }
    return post
  }

  get list(): ReadonlyArray<Post> {
    return [...this.#full, ...this.#open.values()].filter((post) => post.count > 0)
  }
}
